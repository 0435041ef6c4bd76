# A mistake of the user ends a program with status 1 and one line on stderr, and leaves nothing behind.
# cmake -D PROGRAM=... -D "ARGUMENTS=a;b" -D "EXPECTED=regex" -D FOLDER=... [-D GIVEN=name] -P mistake.cmake
# Runs in FOLDER, which is emptied first; GIVEN is a file of nonsense that lies there.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
if(GIVEN)
  file(WRITE ${FOLDER}/${GIVEN} "nothing that a program can read")
endif()
execute_process(COMMAND ${PROGRAM} ${ARGUMENTS} WORKING_DIRECTORY ${FOLDER}
  RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE error)
if(NOT status EQUAL 1)
  message(FATAL_ERROR "status ${status}, not 1: ${error}")
endif()
if(NOT error MATCHES "^mae: [^\n]+\n$")
  message(FATAL_ERROR "not one line: ${error}")
endif()
if(NOT error MATCHES "${EXPECTED}")
  message(FATAL_ERROR "not the mistake expected: ${error}")
endif()
file(GLOB_RECURSE left RELATIVE ${FOLDER} ${FOLDER}/*)
if(NOT left STREQUAL "${GIVEN}")
  message(FATAL_ERROR "left behind: ${left}")
endif()
