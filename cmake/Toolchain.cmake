# Flags that every target shares: warnings as errors, hardening, sanitizers, a fast linker and ccache.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  # clang stamps a time into precompiled headers, which would defeat ccache
  add_compile_options("SHELL:$<$<COMPILE_LANGUAGE:CXX>:-Xclang -fno-pch-timestamp>")
endif()
# programs share the rooms' precompiled header, so they are compiled position-independent in the same way
set(CMAKE_CXX_COMPILE_OPTIONS_PIE -fPIC)

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(
  # an aggregate member that is not named takes its default: that is what the defaults are for
  -Wall -Wextra -Wno-missing-field-initializers -Wno-missing-designated-field-initializers
  -Wshadow -Wconversion -Wno-sign-conversion -Wthread-safety -Wdangling -Werror
  -fstack-protector-strong -fcf-protection -ftrivial-auto-var-init=zero
  $<$<CONFIG:Release>:-g1>)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_link_options(-Wl,-z,relro,-z,now)
if(SELVAGE_SANITIZE)
  add_compile_options(-fsanitize=${SELVAGE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SELVAGE_SANITIZE})
else()
  add_compile_definitions($<$<CONFIG:Release>:_FORTIFY_SOURCE=3>)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
