# Everything comes from Debian 12; the package that holds each is named beside it.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)        # libboost1.81-dev: Asio and JSON; headers only
find_package(fmt REQUIRED)               # libfmt-dev
find_package(CURL REQUIRED)              # libcurl4-openssl-dev
find_package(SQLite3 REQUIRED)           # libsqlite3-dev
find_package(PostgreSQL REQUIRED)        # libpq-dev
find_package(OpenSSL REQUIRED)           # libssl-dev
find_package(ZLIB REQUIRED)              # zlib1g-dev
find_package(PNG REQUIRED)               # libpng-dev
find_package(JPEG REQUIRED)              # libjpeg62-turbo-dev
find_package(PkgConfig REQUIRED)
pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp libwebpdemux)  # libwebp-dev
pkg_check_modules(LCMS REQUIRED IMPORTED_TARGET lcms2)                 # liblcms2-dev
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)           # libsodium-dev
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)             # libyaml-dev
find_library(XNNPACK_LIBRARY XNNPACK REQUIRED)                         # libxnnpack-dev
find_path(XNNPACK_INCLUDE xnnpack.h REQUIRED)
find_path(PTHREADPOOL_INCLUDE pthreadpool.h REQUIRED)                  # libpthreadpool-dev
add_library(XNNPACK::XNNPACK UNKNOWN IMPORTED)
set_target_properties(XNNPACK::XNNPACK PROPERTIES IMPORTED_LOCATION ${XNNPACK_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES "${XNNPACK_INCLUDE};${PTHREADPOOL_INCLUDE}")
find_package(mimalloc QUIET)             # libmimalloc-dev; only linked into release builds
