# SPDX-License-Identifier: MIT
# One misuse: FILE must be refused, and the compiler must print every "// Expect: <text>" of it.
# A file that mentions EVENTP_CORRECTED must compile when that is defined: then the misuse, and
# nothing else in the file, is what was refused.
cmake_minimum_required(VERSION 3.25)
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
set(command ${COMPILER} ${flags} -fmessage-length=0 -I${INCLUDE})

# The first test makes a precompiled header for the others, which then take a third of the time.
if(PRECOMPILED)
  set(header ${PRECOMPILED}/eventp_precompiled.hpp)
  if(NOT FILE)
    file(WRITE ${header} "#include <eventp/eventp.hpp>\n")
    execute_process(COMMAND ${command} -x c++-header ${header} -o ${header}.gch
      COMMAND_ERROR_IS_FATAL ANY)
    return()
  endif()
  list(APPEND command -include ${header})
endif()
list(APPEND command -fsyntax-only)

file(READ ${FILE} text)
string(REGEX MATCHALL "// Expect: [^\n]+" expectations "${text}")
if(NOT expectations)
  message(FATAL_ERROR "${FILE}: no '// Expect:' line")
endif()

execute_process(COMMAND ${command} ${FILE} RESULT_VARIABLE result
  OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "${FILE}: compiles, and must not")
endif()
# GCC writes the inline namespace of the version, clang does not.
string(REGEX REPLACE "eventp::v[0-9]+_[0-9]+::" "eventp::" output "${output}")
foreach(expectation IN LISTS expectations)
  string(REPLACE "// Expect: " "" expectation "${expectation}")
  string(FIND "${output}" "${expectation}" position)
  if(position EQUAL -1)
    message(FATAL_ERROR "${FILE}: refused without saying '${expectation}' but:\n${output}")
  endif()
endforeach()

if(text MATCHES "EVENTP_CORRECTED")
  execute_process(COMMAND ${command} -DEVENTP_CORRECTED ${FILE} RESULT_VARIABLE result
    OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${FILE}: refused although corrected:\n${output}")
  endif()
endif()
