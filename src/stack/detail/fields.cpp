#include "stack/detail/fields.hpp"

namespace selvage::stack::detail {

namespace {

using enum Type;

constexpr int kList = L;
constexpr int kMap = M;
constexpr int kListOrMap = L | M;
constexpr int kTextOrList = S | L;
constexpr int kFlag = B | S;
constexpr int kWhole = I | S;
constexpr int kNumber = N | S;

constexpr Field kHookFields[] = {
    {.key = "command", .type = command, .kinds = S | L | Z, .required = true},
    {"user", text, S},
    {"privileged", flag, kFlag},
    {"working_dir", text, S},
    {"environment", environment, kListOrMap},
};
constexpr Structure kHook{"hook", kHookFields};

constexpr Field kUlimitFields[] = {

    {.key = "soft", .type = whole, .kinds = kWhole, .required = true},
    {.key = "hard", .type = whole, .kinds = kWhole, .required = true},
};
constexpr Structure kUlimit{"ulimit", kUlimitFields};

constexpr Field kFileMountFields[] = {
    {"source", text, S}, {"target", text, S},     {"uid", text, S},
    {"gid", text, S},    {"mode", mode, kNumber},
};
constexpr Structure kFileMount{"file mount", kFileMountFields};

constexpr Field kBuildFields[] = {
    {"context", text, S},
    {"dockerfile", text, S},
    {"dockerfile_inline", text, S},
    {"entitlements", texts, kList},
    {"args", environment, kListOrMap},
    {"ssh", ssh, kListOrMap},
    {"labels", mapping, kListOrMap},
    {"cache_from", text_or_list, kList},
    {"cache_to", text_or_list, kList},
    {"no_cache", flag, kFlag},
    {"additional_contexts", mapping, kListOrMap},
    {"network", text, S},
    {"provenance", text, kFlag},
    {"sbom", text, kFlag},
    {"pull", flag, kFlag},
    {"target", text, S},
    {"shm_size", bytes, kWhole},
    {"extra_hosts", hosts, kListOrMap},
    {"isolation", text, S},
    {"privileged", flag, kFlag},
    {"secrets", list_of, kList, &kFileMount},
    {"tags", text_or_list, kList},
    {"ulimits", map_of, kMap, &kUlimit},
    {"platforms", text_or_list, kList},
};
constexpr Structure kBuild{"build", kBuildFields};

constexpr Field kRateFields[] = {
    {.key = "path", .type = text_kept, .kinds = S, .shown_as = "Path"},
    {.key = "rate", .type = bytes, .kinds = kWhole, .shown_as = "Rate"},
};
constexpr Structure kRate{"rate", kRateFields, false};
constexpr Field kWeightFields[] = {
    {.key = "path", .type = text_kept, .kinds = S, .shown_as = "Path"},
    {.key = "weight", .type = natural_kept, .kinds = kWhole, .shown_as = "Weight"},
};
constexpr Structure kWeight{"weight", kWeightFields, false};
constexpr Field kBlkioFields[] = {
    {"device_read_bps", list_of, kList, &kRate},
    {"device_read_iops", list_of, kList, &kRate},
    {"device_write_bps", list_of, kList, &kRate},
    {"device_write_iops", list_of, kList, &kRate},
    {"weight", natural, kWhole},
    {"weight_device", list_of, kList, &kWeight},
};
constexpr Structure kBlkio{"blkio_config", kBlkioFields, false};

constexpr Field kCredentialFields[] = {
    {"config", text, S}, {"file", text, S}, {"registry", text, S}};
constexpr Structure kCredential{"credential_spec", kCredentialFields};

constexpr Field kDependencyFields[] = {
    {"condition", text, S, nullptr,
     "service_started|service_healthy|service_completed_successfully", true},
    {"restart", flag, kFlag},
    {"required", flag_kept, B},
};
constexpr Structure kDependency{"depends_on", kDependencyFields};

constexpr Field kDeviceFields[] = {
    {.key = "source", .type = text, .kinds = S, .required = true},
    {"target", text, S},
    {"permissions", text, S},
};
constexpr Structure kDevice{"device", kDeviceFields};

constexpr Field kEnvFileFields[] = {
    {.key = "path", .type = text, .kinds = S, .required = true},
    {"format", text, S},
    {"required", flag_kept, kFlag},
};
constexpr Structure kEnvFile{"env_file", kEnvFileFields, false};

constexpr Field kExtendsFields[] = {{.key = "service", .type = text, .kinds = S, .required = true},
                                    {"file", text, S}};
constexpr Structure kExtends{"extends", kExtendsFields, false};

constexpr Field kProviderFields[] = {
    {.key = "type", .type = text, .kinds = S, .required = true},
    {"options", multi_options, kMap},
};
constexpr Structure kProvider{"provider", kProviderFields};

constexpr Field kRequestFields[] = {
    {"capabilities", texts, kList},   {"count", count, kWhole},
    {"device_ids", texts, kList},     {"driver", text, S},
    {"options", mapping, kListOrMap},
};
constexpr Structure kGpu{"gpu", kRequestFields, true, true};
constexpr Structure kDeviceRequest{"device request", kRequestFields};

constexpr Field kHealthFields[] = {
    {"disable", flag, kFlag},
    {"interval", duration_kept, S},
    {"retries", natural_kept, kNumber},
    {"test", health_test, kTextOrList},
    {"timeout", duration_kept, S},
    {"start_period", duration_kept, S},
    {"start_interval", duration_kept, S},
};
constexpr Structure kHealth{"healthcheck", kHealthFields};

constexpr Field kLoggingFields[] = {{"driver", text, S}, {"options", options, kMap}};
constexpr Structure kLogging{"logging", kLoggingFields};

constexpr Field kServiceModelFields[] = {{"endpoint_var", text, S}, {"model_var", text, S}};
constexpr Structure kServiceModel{"service model", kServiceModelFields};

constexpr Field kServiceNetworkFields[] = {
    {"aliases", texts, kList},      {"interface_name", text, S},      {"ipv4_address", text, S},
    {"ipv6_address", text, S},      {"link_local_ips", texts, kList}, {"mac_address", text, S},
    {"driver_opts", options, kMap}, {"priority", whole, N},           {"gw_priority", whole, N},
};
constexpr Structure kServiceNetwork{"network of a service", kServiceNetworkFields};

constexpr Field kPortFields[] = {
    {"name", text, S},           {"mode", text, S},           {"host_ip", text, S},
    {"target", natural, kWhole}, {"published", text, kWhole}, {"protocol", text, S},
    {"app_protocol", text, S},
};
constexpr Structure kPort{"port", kPortFields};

constexpr Field kBindFields[] = {
    {"propagation", text, S},
    {"create_host_path", flag, kFlag},
    {"recursive", text, S, nullptr, "enabled|disabled|writable|readonly"},
    {"selinux", text, S, nullptr, "z|Z"},
};
constexpr Structure kBind{"bind", kBindFields};
constexpr Field kMountVolumeFields[] = {
    {"labels", mapping, kListOrMap}, {"nocopy", flag, kFlag}, {"subpath", text, S}};
constexpr Structure kMountVolume{"volume", kMountVolumeFields};
constexpr Field kTmpfsFields[] = {{"size", bytes, kWhole}, {"mode", natural, kNumber}};
constexpr Structure kTmpfs{"tmpfs", kTmpfsFields};
constexpr Field kMountImageFields[] = {{"subpath", text, S}};
constexpr Structure kMountImage{"image", kMountImageFields};
constexpr Field kMountFields[] = {
    {"type", text, S, nullptr, "bind|volume|tmpfs|cluster|npipe|image", true},
    {"source", text, S},
    {"target", text, S},
    {"read_only", flag, kFlag},
    {"consistency", text, S},
    {"bind", structure, kMap, &kBind},
    {"volume", structure, kMap, &kMountVolume},
    {"tmpfs", structure, kMap, &kTmpfs},
    {"image", structure, kMap, &kMountImage},
};
constexpr Structure kMount{"mount", kMountFields};

constexpr Field kWatchFields[] = {
    {"ignore", text_or_list, kTextOrList},
    {"include", text_or_list, kTextOrList},
    {.key = "path", .type = text_kept, .kinds = S, .required = true},
    {"action", text_kept, S, nullptr, "rebuild|sync|restart|sync+restart|sync+exec", true},
    {"target", text, S},
    {"exec", structure_kept, kMap, &kHook},
    {"initial_sync", flag, B},
};
constexpr Structure kWatch{"watch", kWatchFields};
constexpr Field kDevelopFields[] = {{"watch", list_of, kList, &kWatch}};
constexpr Structure kDevelop{"develop", kDevelopFields};

constexpr Field kUpdateFields[] = {
    {"parallelism", natural_kept, kWhole}, {"delay", duration, S},
    {"failure_action", text, S},           {"monitor", duration, S},
    {"max_failure_ratio", real, kNumber},  {"order", text, S, nullptr, "start-first|stop-first"},
};
constexpr Structure kUpdate{"update_config", kUpdateFields};
constexpr Field kLimitFields[] = {
    {"cpus", cpus, kNumber}, {"memory", bytes, S}, {"pids", whole, kWhole}};
constexpr Structure kLimits{"limits", kLimitFields};
constexpr Field kDiscreteFields[] = {{"kind", text_kept, S}, {"value", whole_kept, kNumber}};
constexpr Structure kDiscrete{"discrete_resource_spec", kDiscreteFields};
constexpr Field kGenericFields[] = {{"discrete_resource_spec", structure, kMap, &kDiscrete}};
constexpr Structure kGeneric{"generic_resources", kGenericFields};
constexpr Field kReservationFields[] = {
    {"cpus", cpus, kNumber},
    {"memory", bytes, S},
    {"generic_resources", list_of, kList, &kGeneric},
    {"devices", list_of, kList, &kDeviceRequest},
};
constexpr Structure kReservations{"reservations", kReservationFields};
constexpr Field kResourceFields[] = {{"limits", structure, kMap, &kLimits},
                                     {"reservations", structure, kMap, &kReservations}};
constexpr Structure kResources{"resources", kResourceFields};
constexpr Field kRestartFields[] = {
    {"condition", text, S},
    {"delay", duration_kept, S},
    {"max_attempts", natural_kept, kWhole},
    {"window", duration_kept, S},
};
constexpr Structure kRestart{"restart_policy", kRestartFields};
constexpr Field kPreferenceFields[] = {{"spread", text, S}};
constexpr Structure kPreference{"preferences", kPreferenceFields};
constexpr Field kPlacementFields[] = {
    {"constraints", texts, kList},
    {"preferences", list_of, kList, &kPreference},
    {"max_replicas_per_node", natural, kWhole},
};
constexpr Structure kPlacement{"placement", kPlacementFields};
constexpr Field kDeployFields[] = {
    {"mode", text, S},
    {"endpoint_mode", text, S},
    {"replicas", whole_kept, kWhole},
    {"labels", mapping, kListOrMap},
    {"rollback_config", structure, kMap, &kUpdate},
    {"update_config", structure, kMap, &kUpdate},
    {"resources", structure_kept, kMap, &kResources},
    {"restart_policy", structure, kMap, &kRestart},
    {"placement", structure_kept, kMap, &kPlacement},
};
constexpr Structure kDeploy{"deploy", kDeployFields};

constexpr Field kServiceFields[] = {
    {"develop", structure, M | Z, &kDevelop},
    {"deploy", structure, M | Z, &kDeploy},
    {"annotations", mapping, kListOrMap},
    {"attach", flag_kept, kFlag},
    {"build", structure, S | M, &kBuild},
    {"blkio_config", structure, kMap, &kBlkio},
    {.key = "cap_add", .type = texts, .kinds = kList, .unique = true},
    {.key = "cap_drop", .type = texts, .kinds = kList, .unique = true},
    {"cgroup", text, S, nullptr, "host|private"},
    {"cgroup_parent", text, S},
    {"command", command, S | L | Z},
    {"configs", list_of, kList, &kFileMount},
    {"container_name", text, S},
    {"cpu_count", whole, kWhole},
    {"cpu_percent", real, kNumber},
    {"cpu_shares", whole, kNumber},
    {"cpu_quota", whole, kNumber},
    {"cpu_period", whole, kNumber},
    {"cpu_rt_period", whole, kNumber},
    {"cpu_rt_runtime", whole, kNumber},
    {"cpus", real, kNumber},
    {"cpuset", text, S},
    {"credential_spec", structure, kMap, &kCredential},
    {"depends_on", map_of, kListOrMap, &kDependency},
    {.key = "device_cgroup_rules", .type = texts, .kinds = kList, .unique = true},
    {"devices", list_of, kList, &kDevice},
    {"dns", text_or_list, kTextOrList},
    {.key = "dns_opt", .type = texts, .kinds = kList, .unique = true},
    {"dns_search", text_or_list, kTextOrList},
    {"domainname", text, S},
    {"entrypoint", command, S | L | Z},
    {"env_file", list_of, kTextOrList, &kEnvFile},
    {"label_file", texts, kTextOrList},
    {"environment", environment, kListOrMap},
    {.key = "expose", .type = numbers, .kinds = kList, .unique = true},
    {"extends", structure, S | M, &kExtends},
    {"provider", structure, kMap, &kProvider},
    {.key = "external_links", .type = texts, .kinds = kList, .unique = true},
    {"extra_hosts", hosts, kListOrMap},
    {"gpus", list_of, kTextOrList, &kGpu},
    {.key = "group_add", .type = numbers, .kinds = kList, .unique = true},
    {"healthcheck", structure, kMap, &kHealth},
    {"hostname", text, S},
    {"image", text, S},
    {"init", flag_kept, kFlag},
    {"ipc", text, S},
    {"isolation", text, S},
    {"labels", mapping, kListOrMap},
    {.key = "links", .type = texts, .kinds = kList, .unique = true},
    {"logging", structure, kMap, &kLogging},
    {"mac_address", text, S},
    {"mem_limit", bytes, kNumber},
    {"mem_reservation", bytes, kWhole},
    {"mem_swappiness", bytes, kWhole},
    {"memswap_limit", bytes, kNumber},
    {"models", map_of, kListOrMap, &kServiceModel},
    {"network_mode", text, S},
    {"networks", map_of, kListOrMap, &kServiceNetwork},
    {"oom_kill_disable", flag, kFlag},
    {"oom_score_adj", whole, kWhole},
    {"pid", text, S | Z},
    {"pids_limit", whole, kNumber},
    {"platform", text, S},
    {.key = "ports", .type = list_of, .kinds = kList, .of = &kPort, .unique = true},
    {"post_start", list_of, kList, &kHook},
    {"pre_stop", list_of, kList, &kHook},
    {"privileged", flag, kFlag},
    {.key = "profiles", .type = texts, .kinds = kList, .unique = true},
    {"pull_policy", text, S},
    {"pull_refresh_after", text, S},
    {"read_only", flag, kFlag},
    {"restart", text, S},
    {"runtime", text, S},
    {"scale", whole_kept, kWhole},
    {.key = "security_opt", .type = texts, .kinds = kList, .unique = true},
    {"shm_size", bytes, kNumber},
    {"secrets", list_of, kList, &kFileMount},
    {"sysctls", mapping, kListOrMap},
    {"stdin_open", flag, kFlag},
    {"stop_grace_period", duration_kept, S},
    {"stop_signal", text, S},
    {"storage_opt", options, kMap},
    {"tmpfs", text_or_list, kTextOrList},
    {"tty", flag, kFlag},
    {"ulimits", map_of, kMap, &kUlimit},
    {"use_api_socket", flag, B},
    {"user", text, S},
    {"uts", text, S},
    {"userns_mode", text, S},
    {.key = "volumes", .type = list_of, .kinds = kList, .of = &kMount, .unique = true},
    {.key = "volumes_from", .type = texts, .kinds = kList, .unique = true},
    {"working_dir", text, S},
};
constexpr Structure kService{"service", kServiceFields};

}  // namespace

const Structure& service_structure() { return kService; }

}  // namespace selvage::stack::detail
