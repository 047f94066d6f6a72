# SPDX-License-Identifier: GPL-2.0-only
# build_lib() and build_lib_example() as an ns-3 tree has them, for a build against an installed
# ns-3. Headers are seen as <ns3/name.h>, as in ns-3; test suites go into one program,
# limitnet-test-runner, and each is registered with CTest.
include(GNUInstallDirs)

if(PROJECT_IS_TOP_LEVEL AND PROJECT_NAME STREQUAL "limitnet-ns3-module")
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
  endif()
  set(CMAKE_CXX_STANDARD 17 CACHE STRING "C++ standard")
  set(CMAKE_CXX_STANDARD_REQUIRED ON)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
  option(LIMITNET_BUILD_TESTS "Build the tests" ON)
  if(LIMITNET_BUILD_TESTS)
    enable_testing()
  endif()
endif()

find_package(ns3 REQUIRED)

# ns-3's names of its libraries.
foreach(module core network mobility propagation applications energy)
  set(lib${module} ns3::lib${module})
endforeach()

# Debian builds the release profile with logging; what is compiled here has to log as well for
# NS_LOG to show it. Assertions follow the build type, as in ns-3.
add_compile_definitions(NS3_LOG_ENABLE $<$<CONFIG:Debug>:NS3_ASSERT_ENABLE>)

function(build_lib)
  cmake_parse_arguments(
    arg "" "LIBNAME" "SOURCE_FILES;HEADER_FILES;LIBRARIES_TO_LINK;TEST_SOURCES" ${ARGN})
  set(target lib${arg_LIBNAME})

  set(include_dir ${CMAKE_CURRENT_BINARY_DIR}/include)
  set(aggregate "#pragma once\n")
  foreach(header ${arg_HEADER_FILES})
    get_filename_component(name ${header} NAME)
    file(CONFIGURE OUTPUT ${include_dir}/ns3/${name}
         CONTENT "#include \"${CMAKE_CURRENT_SOURCE_DIR}/${header}\"\n")
    string(APPEND aggregate "#include <ns3/${name}>\n")
  endforeach()
  file(CONFIGURE OUTPUT ${include_dir}/ns3/${arg_LIBNAME}-module.h CONTENT "${aggregate}")

  add_library(${target} SHARED ${arg_SOURCE_FILES} ${arg_HEADER_FILES})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ns3-${arg_LIBNAME})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${include_dir}>)
  target_link_libraries(${target} PUBLIC ${arg_LIBRARIES_TO_LINK})
  set(lib${arg_LIBNAME} ${target})

  install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(FILES ${arg_HEADER_FILES} ${include_dir}/ns3/${arg_LIBNAME}-module.h
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ns3)

  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/examples/CMakeLists.txt)
    add_subdirectory(examples)
  endif()

  if(LIMITNET_BUILD_TESTS AND arg_TEST_SOURCES)
    set(runner ${arg_LIBNAME}-test-runner)
    set(main ${CMAKE_CURRENT_BINARY_DIR}/${runner}.cc)
    file(CONFIGURE OUTPUT ${main}
         CONTENT
         "#include <ns3/test.h>\nint\nmain(int argc, char* argv[])\n{\n    return ns3::TestRunner::Run(argc, argv);\n}\n")
    add_executable(${runner} ${main} ${arg_TEST_SOURCES})
    target_compile_definitions(
      ${runner} PRIVATE NS_TEST_SOURCEDIR="${CMAKE_CURRENT_SOURCE_DIR}/test")
    target_link_libraries(${runner} PRIVATE ${target})
    foreach(suite ${test_suites})
      add_test(NAME ns3.${suite} COMMAND ${runner} --suite=${suite} --fullness=TAKES_FOREVER --verbose)
    endforeach()
  endif()
endfunction()

function(build_lib_example)
  cmake_parse_arguments(arg "" "NAME" "SOURCE_FILES;HEADER_FILES;LIBRARIES_TO_LINK" ${ARGN})
  add_executable(${arg_NAME} ${arg_SOURCE_FILES} ${arg_HEADER_FILES})
  target_link_libraries(${arg_NAME} PRIVATE ${arg_LIBRARIES_TO_LINK})
  install(TARGETS ${arg_NAME} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
