// Where the data lives: the settings of this room, and the database and storage that they name.
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "data/database.hpp"
#include "data/object_storage.hpp"
#include "net/blocking_pool.hpp"

namespace selvage::data {

extern const SettingSection kDataSettings;

// By the scheme of DATABASE_URL. Creates DATA_DIR; a relative file is relative to it. Errors: db.*,
// settings.database_url, settings.data_dir.
[[nodiscard]] Result<std::unique_ptr<Database>> open_database(const Settings& settings);

// By the scheme of STORAGE_URL. Without STORAGE_SIGNING_KEY the key is
// DATA_DIR/secrets/storage-signing-key, made when it is missing. `pool` must outlive the storage.
// Errors: storage.*, secret.*, settings.storage_url.
[[nodiscard]] Result<std::unique_ptr<ObjectStorage>> open_storage(const Settings& settings,
                                                                  net::BlockingPool& pool);

}  // namespace selvage::data
