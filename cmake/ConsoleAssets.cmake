# Compiles the console's built files (web/dist) into the binary with #embed. Without them the binary still builds
# and says that the console is missing.
function(selvage_console_assets OUTPUT)
  set(DIST ${CMAKE_SOURCE_DIR}/web/dist)
  file(GLOB_RECURSE FILES CONFIGURE_DEPENDS RELATIVE ${DIST} ${DIST}/*)
  set(ARRAYS "")
  set(ROWS "")
  set(INDEX 0)
  foreach(FILE ${FILES})
    string(APPEND ARRAYS "constexpr char kFile${INDEX}[] = {\n#embed \"${DIST}/${FILE}\"\n};\n")
    string(APPEND ROWS "    {\"${FILE}\", {kFile${INDEX}, sizeof kFile${INDEX}}},\n")
    set_property(SOURCE ${OUTPUT} APPEND PROPERTY OBJECT_DEPENDS ${DIST}/${FILE})
    math(EXPR INDEX "${INDEX} + 1")
  endforeach()
  if(ROWS)
    set(TABLE "constexpr Asset kAssets[] = {\n${ROWS}};\n")
    set(RESULT "kAssets")
  else()
    set(TABLE "")
    set(RESULT "{}")
  endif()
  file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT
"// Generated from web/dist; do not edit.
#include \"app/http/console_assets.hpp\"
namespace selvage::app {
namespace {
${ARRAYS}${TABLE}}  // namespace
std::span<const Asset> console_assets() { return ${RESULT}; }
}  // namespace selvage::app
")
  set_source_files_properties(${OUTPUT} PROPERTIES
    COMPILE_OPTIONS "-Wno-c23-extensions" SKIP_PRECOMPILE_HEADERS ON)
endfunction()
