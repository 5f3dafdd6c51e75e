// Where pictures live: the settings of object storage, and the storage that they name.
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "data/object_storage.hpp"
#include "net/blocking_pool.hpp"
#include "net/loop.hpp"

namespace selvage::data {

extern const SettingSection kStorageSettings;

// By the scheme of STORAGE_URL. Local files without STORAGE_SIGNING_KEY are signed by
// DATA_DIR/secrets/storage-signing-key, made when it is missing. Storages behind HTTP live on
// `home`; whatever the kind, calls may come from any loop while `home` runs. `pool` and `home` must
// outlive the storage. Nothing is asked of a remote storage here: ping() does. Errors: storage.*,
// secret.*, settings.storage_url.
[[nodiscard]] Result<std::unique_ptr<ObjectStorage>> open_storage(const Settings& settings,
                                                                  net::BlockingPool& pool,
                                                                  net::Loop& home);

}  // namespace selvage::data
