# SPDX-License-Identifier: GPL-2.0-only
# build_lib() and build_lib_example() as an ns-3 tree has them, for a build against an installed
# ns-3. Headers are seen as <ns3/name.h>, as in ns-3; test suites go into one program for each
# module, MODULE-test-runner, and each suite is registered with CTest.
#
# What belongs to the module lpwan is installed as the component `lpwan`, which has all that a
# program with LoRaWAN or NB-IoT needs beside ns-3: find_package(lpwan), target lpwan::lpwan. The
# module limitnet belongs to the package of the library limitnet, as its component ns3:
# find_package(limitnet COMPONENTS ns3), target limitnet::ns3.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# Of both modules; the project around them has the same (docs/versioning.md).
set(LPWAN_VERSION 1.0.0)
if(PROJECT_NAME STREQUAL "limitnet" AND NOT PROJECT_VERSION VERSION_EQUAL LPWAN_VERSION)
  message(FATAL_ERROR "The project has version ${PROJECT_VERSION}, its ns-3 modules "
                      "${LPWAN_VERSION}: see ${CMAKE_CURRENT_LIST_FILE}.")
endif()
string(REGEX MATCH "^[0-9]+" LPWAN_VERSION_MAJOR ${LPWAN_VERSION})
find_package(Python3 COMPONENTS Interpreter) # runs the examples as tests
if(NOT LPWAN_NS3_STANDARD)
  include(${CMAKE_CURRENT_LIST_DIR}/find-ns3.cmake)
endif()
set(LPWAN_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})

if(PROJECT_IS_TOP_LEVEL AND NOT PROJECT_NAME STREQUAL "limitnet")
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
  endif()
  set(CMAKE_CXX_STANDARD ${LPWAN_NS3_STANDARD} CACHE STRING "C++ standard")
  set(CMAKE_CXX_STANDARD_REQUIRED ON)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
  set(CMAKE_INSTALL_RPATH $ORIGIN/../${CMAKE_INSTALL_LIBDIR} $ORIGIN)
  option(LIMITNET_BUILD_TESTS "Build the tests" ON)
  if(LIMITNET_BUILD_TESTS)
    enable_testing()
  endif()
endif()

# Debian builds the release profile with logging; what is compiled here has to log as well for
# NS_LOG to show it. Assertions follow the build type, as in ns-3.
add_compile_definitions(NS3_LOG_ENABLE $<$<CONFIG:Debug>:NS3_ASSERT_ENABLE>)

foreach(module lpwan limitnet)
  set(lib${module} lib${module})
endforeach()

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

  if(arg_LIBNAME STREQUAL "lpwan")
    set(package lpwan)
    set(export_name lpwan)
  else()
    set(package limitnet)
    set(export_name ns3)
  endif()
  add_library(${target} SHARED ${arg_SOURCE_FILES} ${arg_HEADER_FILES})
  set_target_properties(
    ${target}
    PROPERTIES OUTPUT_NAME ns3-${arg_LIBNAME}
               EXPORT_NAME ${export_name}
               VERSION ${LPWAN_VERSION}
               SOVERSION ${LPWAN_VERSION_MAJOR})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${include_dir}>
                                              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  # Who links this library links those of ns-3 and, where it is installed, the library limitnet,
  # whose types are in its headers; others are its own affair.
  foreach(library ${arg_LIBRARIES_TO_LINK})
    if(library MATCHES "^(ns3::|lib)")
      target_link_libraries(${target} PUBLIC ${library})
    else()
      target_link_libraries(${target} PRIVATE ${library})
      if(TARGET ${library})
        target_include_directories(
          ${target}
          PUBLIC $<BUILD_INTERFACE:$<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>>)
        target_link_libraries(${target} INTERFACE $<INSTALL_INTERFACE:${library}>)
      endif()
    endif()
  endforeach()

  install(TARGETS ${target} EXPORT ${arg_LIBNAME}ModuleTargets
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${arg_LIBNAME})
  install(FILES ${arg_HEADER_FILES} ${include_dir}/ns3/${arg_LIBNAME}-module.h
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ns3 COMPONENT ${arg_LIBNAME})
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/${package})
  install(EXPORT ${arg_LIBNAME}ModuleTargets NAMESPACE ${package}:: DESTINATION ${package_dir}
          COMPONENT ${arg_LIBNAME})
  if(arg_LIBNAME STREQUAL "lpwan")
    write_basic_package_version_file(
      ${CMAKE_CURRENT_BINARY_DIR}/lpwanConfigVersion.cmake
      VERSION ${LPWAN_VERSION} COMPATIBILITY SameMajorVersion)
    install(FILES ${LPWAN_CMAKE_DIR}/lpwanConfig.cmake ${LPWAN_CMAKE_DIR}/find-ns3.cmake
                  ${CMAKE_CURRENT_BINARY_DIR}/lpwanConfigVersion.cmake
            DESTINATION ${package_dir} COMPONENT lpwan)
  endif()

  set(current_module ${arg_LIBNAME})
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
    target_link_libraries(${runner} PRIVATE ${target} ${arg_LIBRARIES_TO_LINK})
    foreach(suite ${test_suites})
      add_test(NAME ns3.${suite} COMMAND ${runner} --suite=${suite} --fullness=TAKES_FOREVER --verbose)
    endforeach()
    if(Python3_Interpreter_FOUND)
      add_test(NAME ns3.${arg_LIBNAME}-examples
               COMMAND Python3::Interpreter -B ${LPWAN_CMAKE_DIR}/../test/run-examples.py
                       ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
    endif()
  endif()
endfunction()

function(build_lib_example)
  cmake_parse_arguments(arg "" "NAME" "SOURCE_FILES;HEADER_FILES;LIBRARIES_TO_LINK" ${ARGN})
  add_executable(${arg_NAME} ${arg_SOURCE_FILES} ${arg_HEADER_FILES})
  target_include_directories(${arg_NAME} PRIVATE ${include_dir}) # its module's, as in ns-3
  target_link_libraries(${arg_NAME} PRIVATE ${arg_LIBRARIES_TO_LINK})
  install(TARGETS ${arg_NAME} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
          COMPONENT ${current_module})
endfunction()
