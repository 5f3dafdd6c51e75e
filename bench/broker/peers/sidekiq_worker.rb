# The peer's worker: a job that does nothing, one that notes how late it began, one that waits.
require "sidekiq"

Sidekiq.configure_server { |config| config.redis = { url: ENV.fetch("REDIS_URL") } }
Sidekiq.logger.level = Logger::WARN

class Noop
  include Sidekiq::Worker
  def perform; end
end

class Stamp
  include Sidekiq::Worker
  def perform(sent)
    late = Process.clock_gettime(Process::CLOCK_REALTIME) - sent
    File.open(ENV.fetch("LATENCY_FILE"), "a") { |out| out.puts(late) }
  end
end

class Sleep
  include Sidekiq::Worker
  def perform(seconds) = sleep(seconds)
end
