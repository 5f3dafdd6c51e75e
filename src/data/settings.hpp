// Where the data lives: the settings of this room, and the database that they name.
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "data/database.hpp"

namespace selvage::data {

extern const SettingSection kDataSettings;

// By the scheme of DATABASE_URL. Creates DATA_DIR; a relative file is relative to it. Errors: db.*,
// settings.database_url, settings.data_dir.
[[nodiscard]] Result<std::unique_ptr<Database>> open_database(const Settings& settings);

}  // namespace selvage::data
