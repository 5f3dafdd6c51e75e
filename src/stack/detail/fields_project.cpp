#include "stack/detail/fields.hpp"

namespace selvage::stack::detail {

namespace {

using enum Type;

constexpr int kList = L;
constexpr int kMap = M;
constexpr int kListOrMap = L | M;
constexpr int kFlag = B | S;

constexpr Field kPoolFields[] = {{"subnet", text, S},
                                 {"ip_range", text, S},
                                 {"gateway", text, S},
                                 {"aux_addresses", mapping, kMap}};
constexpr Structure kPool{"pool", kPoolFields};
constexpr Field kIpamFields[] = {
    {"driver", text, S}, {"config", list_of, kList, &kPool}, {"options", any, kMap}};
constexpr Structure kIpam{"ipam", kIpamFields};
constexpr Field kNetworkFields[] = {
    {"name", text, S},
    {"driver", text, S},
    {"driver_opts", options, kMap},
    {"ipam", structure_kept, kMap, &kIpam},
    {"external", flag, B | S | M},
    {"internal", flag, kFlag},
    {"enable_ipv4", flag_kept, kFlag},
    {"enable_ipv6", flag_kept, kFlag},
    {"attachable", flag, kFlag},
    {"labels", mapping, kListOrMap},
};
constexpr Structure kNetwork{"network", kNetworkFields};
constexpr Field kVolumeFields[] = {
    {"name", text, S},
    {"driver", text, S},
    {"driver_opts", options, kMap},
    {"external", flag, B | S | M},
    {"labels", mapping, kListOrMap},
};
constexpr Structure kVolume{"volume", kVolumeFields};
constexpr Field kSecretFields[] = {
    {"name", text, S},
    {"environment", text, S},
    {"file", text, S},
    {"external", flag, B | S | M},
    {"labels", mapping, kListOrMap},
    {"driver", text, S},
    {"driver_opts", options, kMap},
    {"template_driver", text, S},
};
constexpr Structure kSecret{"secret", kSecretFields};
constexpr Field kConfigFields[] = {
    {"name", text, S},
    {"content", text, S},
    {"environment", text, S},
    {"file", text, S},
    {"external", flag, B | S | M},
    {"labels", mapping, kListOrMap},
    {"template_driver", text, S},
};
constexpr Structure kConfig{"config", kConfigFields};
constexpr Field kModelFields[] = {
    {"name", text, S},
    {.key = "model", .type = text, .kinds = S, .required = true},
    {"context_size", whole, I},
    {"runtime_flags", texts, kList},
};
constexpr Structure kModel{"model", kModelFields};

}  // namespace

const Structure& project_structure() {
  static const Field kFields[] = {
      {"version", any, S},
      {"name", text, S},
      {"include", any, kList},
      {"services", map_of, kMap, &service_structure()},
      {"models", map_of, kMap, &kModel},
      {"networks", map_of, kMap, &kNetwork},
      {"volumes", map_of, kMap, &kVolume},
      {"secrets", map_of, kMap, &kSecret},
      {"configs", map_of, kMap, &kConfig},
  };
  static const Structure kProject{"top level", kFields};
  return kProject;
}

}  // namespace selvage::stack::detail
