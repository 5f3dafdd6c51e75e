"""What happened to each session and in the ledger, written down by PostgreSQL itself, in the transaction that did it.

Looking again and again would miss a state that lasted a moment; a trigger misses none. So "no refund while a retry is
pending" is a fact here: the refund and the failure have the same transaction.
"""

import dataclasses

SQL = """
CREATE TABLE chaos_history (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tx BIGINT NOT NULL DEFAULT txid_current(),
  at DOUBLE PRECISION NOT NULL DEFAULT extract(epoch FROM clock_timestamp()),
  what TEXT NOT NULL,
  session_id TEXT NOT NULL,
  token BIGINT);
CREATE FUNCTION chaos_session_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO public.chaos_history (what, session_id) VALUES ('deleted', OLD.id);
  ELSIF TG_OP = 'INSERT' OR NEW.status <> OLD.status OR NEW.lease_token <> OLD.lease_token
     OR (OLD.status IN ('completed', 'failed') AND (NEW.result_key, NEW.finished_at, NEW.error_code)
         IS DISTINCT FROM (OLD.result_key, OLD.finished_at, OLD.error_code)) THEN
    INSERT INTO public.chaos_history (what, session_id, token) VALUES (NEW.status, NEW.id, NEW.lease_token);
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION chaos_ledger_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO public.chaos_history (what, session_id) VALUES (NEW.kind, coalesce(NEW.session_id, '-'));
  RETURN NULL;
END $$;
CREATE TRIGGER chaos AFTER INSERT OR UPDATE OR DELETE ON generation_sessions
  FOR EACH ROW EXECUTE FUNCTION chaos_session_changed();
CREATE TRIGGER chaos AFTER INSERT OR UPDATE OR DELETE ON store_generation_sessions
  FOR EACH ROW EXECUTE FUNCTION chaos_session_changed();
CREATE TRIGGER chaos AFTER INSERT ON credit_ledger FOR EACH ROW EXECUTE FUNCTION chaos_ledger_changed();
"""


@dataclasses.dataclass
class Event:
    tx: int
    what: str  # queued, processing, completed, failed, deleted; grant, charge, refund
    token: int | None


def read_history(postgres):
    """session id -> its events, oldest first."""
    events = {}
    for session_id, tx, what, token in postgres.run("SELECT session_id, tx, what, token FROM chaos_history ORDER BY seq"):
        events.setdefault(session_id, []).append(Event(tx, what, token))
    return events
