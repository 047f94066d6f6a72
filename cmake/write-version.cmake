# SPDX-License-Identifier: GPL-2.0-only
# Writes the header that says which commit is being built:
#   cmake -DSOURCE=<source folder> -DOUTPUT=<header> -P write-version.cmake
# An unchanged header is left alone, so that nothing is compiled again for it.
cmake_minimum_required(VERSION 3.20)

set(commit "unknown")
find_program(git git)
if(git)
  execute_process(
    COMMAND ${git} -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
    OUTPUT_VARIABLE described
    OUTPUT_STRIP_TRAILING_WHITESPACE
    ERROR_QUIET
    RESULT_VARIABLE failed)
  if(NOT failed AND described)
    set(commit ${described})
  endif()
endif()

file(CONFIGURE OUTPUT ${OUTPUT} @ONLY
     CONTENT "// Generated; see cmake/write-version.cmake.\n#define LIMITNET_COMMIT \"${commit}\"\n")
