# SPDX-License-Identifier: MIT
# One STEP of a user who uses eventp; SCRATCH is shared by the steps, its parts are not.
cmake_minimum_required(VERSION 3.25)
set(project ${CMAKE_CURRENT_LIST_DIR})
set(mine ${SCRATCH}/${STEP})
set(prefix ${SCRATCH}/prefix)
set(prefix_shared ${SCRATCH}/prefix_shared)
file(REMOVE_RECURSE ${mine})
file(MAKE_DIRECTORY ${mine})

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(configure ${CMAKE_COMMAND} -S ${project} -B ${mine} -G ${GENERATOR}
  -DCMAKE_CXX_COMPILER=${CXX} "-DCMAKE_CXX_FLAGS=${FLAGS}")

# build([<argument of configure>...]): configures and builds the project and runs what came out.
function(build)
  run(${configure} ${ARGN})
  run(${CMAKE_COMMAND} --build ${mine})
  run(${mine}/consumer)
endfunction()

# Installed to one place and used from another: nothing may remember where it was built for.
function(install_moved from to)
  file(REMOVE_RECURSE ${mine}/prefix ${to})
  run(${CMAKE_COMMAND} --install ${from} --prefix ${mine}/prefix)
  file(RENAME ${mine}/prefix ${to})
endfunction()

# compile_with_pkg_config(<prefix>): one compiler call with nothing but what pkg-config says.
function(compile_with_pkg_config from)
  file(GLOB_RECURSE pc ${from}/*/eventp.pc)
  cmake_path(GET pc PARENT_PATH pc_dir)
  set(ENV{PKG_CONFIG_PATH} ${pc_dir})
  find_program(PKG_CONFIG NAMES pkg-config REQUIRED)
  execute_process(COMMAND ${PKG_CONFIG} --modversion eventp OUTPUT_VARIABLE version
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  if(NOT version STREQUAL VERSION)
    message(FATAL_ERROR "pkg-config says ${version}, this is ${VERSION}")
  endif()
  execute_process(COMMAND ${PKG_CONFIG} --cflags --libs ${ARGN} eventp
    OUTPUT_VARIABLE said OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(said UNIX_COMMAND "${said}")
  separate_arguments(flags UNIX_COMMAND "${FLAGS}")
  if(NOT "-pthread" IN_LIST said)
    message(FATAL_ERROR "pkg-config does not say -pthread: ${said}")
  endif()
  run(${CXX} -std=c++23 ${flags} ${project}/main.cpp ${said} -o ${mine}/consumer)
  cmake_path(GET pc_dir PARENT_PATH libdir)
  set(ENV{LD_LIBRARY_PATH} ${libdir})
  run(${mine}/consumer)
endfunction()

# refused(<message> [<argument of configure>...]): configuring fails and says <message>.
function(refused message)
  file(REMOVE_RECURSE ${mine})
  execute_process(COMMAND ${configure} ${ARGN} RESULT_VARIABLE result
    OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")  # CMake wraps its messages
  if(result EQUAL 0 OR NOT output MATCHES "${message}")
    message(FATAL_ERROR "expected to be refused with '${message}', got ${result}:\n${output}")
  endif()
endfunction()

if(STEP STREQUAL install)
  install_moved(${BUILD_DIR} ${prefix})
elseif(STEP STREQUAL find_package)
  build(-DCMAKE_PREFIX_PATH=${prefix} -DVERSION=${VERSION})
elseif(STEP STREQUAL find_package_testing)
  build(-DCMAKE_PREFIX_PATH=${prefix} -DCOMPONENTS=testing)
  run(${mine}/consumer_testing)
elseif(STEP STREQUAL pkg_config)
  compile_with_pkg_config(${prefix} --static)
elseif(STEP STREQUAL refuses_another_version)
  string(REPLACE "." ";" numbers ${VERSION})
  list(GET numbers 0 major)
  list(GET numbers 1 minor)
  math(EXPR next_minor "${minor} + 1")
  math(EXPR next_major "${major} + 1")
  foreach(other ${major}.${next_minor} ${next_major}.${minor})
    refused("compatible with requested version" -DCMAKE_PREFIX_PATH=${prefix} -DVERSION=${other})
  endforeach()
elseif(STEP STREQUAL add_subdirectory)
  # Shared and installed, so that one build of the library serves the steps after it too.
  build(-DEVENTP_DIR=${EVENTP_DIR} -DBUILD_SHARED_LIBS=ON -DEVENTP_INSTALL=ON)
  install_moved(${mine} ${prefix_shared})
elseif(STEP STREQUAL find_package_shared)
  build(-DCMAKE_PREFIX_PATH=${prefix_shared})
elseif(STEP STREQUAL pkg_config_shared)
  compile_with_pkg_config(${prefix_shared})
elseif(STEP STREQUAL refuses_an_absent_component)
  refused("installed without its component testing"
    -DCMAKE_PREFIX_PATH=${prefix_shared} -DCOMPONENTS=testing)
else()
  message(FATAL_ERROR "unknown step ${STEP}")
endif()
