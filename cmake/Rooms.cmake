# A room is a folder of src/ and one static library. It may use only the rooms it names here, so an
# include that points sideways or upwards does not link (and tests/layers refuses it with its name).
function(selvage_room NAME)
  cmake_parse_arguments(ARG "" "" "USES;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${NAME}/*.cpp)
  list(FILTER SOURCES EXCLUDE REGEX "/main\\.cpp$") # the program itself, not part of its room
  if(NOT SOURCES)
    add_library(selvage_${NAME} INTERFACE)
    return()
  endif()
  add_library(selvage_${NAME} STATIC ${SOURCES})
  target_include_directories(selvage_${NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  foreach(ROOM ${ARG_USES})
    target_link_libraries(selvage_${NAME} PUBLIC selvage_${ROOM})
  endforeach()
  target_link_libraries(selvage_${NAME} PUBLIC ${ARG_LIBRARIES})
  if(NAME STREQUAL base)
    target_precompile_headers(selvage_base PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp)
  else()
    target_precompile_headers(selvage_${NAME} REUSE_FROM selvage_base)
  endif()
endfunction()

# Writes OUTPUT, a table of what each FOLDER/*.cpp offers: for every file `stem.cpp` the function
# `stem<SUFFIX>()` in NAMESPACE. Dropping a file in is all it takes, and no static initialiser is needed.
function(selvage_registry OUTPUT)
  cmake_parse_arguments(ARG "" "FOLDER;NAMESPACE;SUFFIX;TYPE;HEADER;FUNCTION" "" ${ARGN})
  file(GLOB FILES CONFIGURE_DEPENDS ${ARG_FOLDER}/*.cpp)
  set(DECLARATIONS "")
  set(CALLS "")
  foreach(FILE ${FILES})
    get_filename_component(STEM ${FILE} NAME_WE)
    string(APPEND DECLARATIONS "${ARG_TYPE} ${STEM}${ARG_SUFFIX}();\n")
    string(APPEND CALLS "  all.push_back(${STEM}${ARG_SUFFIX}());\n")
  endforeach()
  file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
"// Generated from ${ARG_SUFFIX} files; do not edit.
#include \"${ARG_HEADER}\"
namespace ${ARG_NAMESPACE} {
${DECLARATIONS}
std::vector<${ARG_TYPE}> ${ARG_FUNCTION}() {
  std::vector<${ARG_TYPE}> all;
${CALLS}  return all;
}
}  // namespace ${ARG_NAMESPACE}
" @ONLY)
endfunction()
