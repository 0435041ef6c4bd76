# cmake -D PROGRAM=... -D "ARGUMENTS=a;b" -D EXPECTED=file -D FOLDER=... -P expect.cmake
# Runs PROGRAM in FOLDER, which is emptied first: it must end with status 0 and print what stands in EXPECTED.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${PROGRAM} ${ARGUMENTS} WORKING_DIRECTORY ${FOLDER}
  RESULT_VARIABLE status OUTPUT_FILE ${FOLDER}/output.txt ERROR_VARIABLE error)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "status ${status}: ${error}")
endif()
file(READ ${FOLDER}/output.txt found)
file(READ ${EXPECTED} expected)
if(NOT found STREQUAL expected)
  execute_process(COMMAND diff ${EXPECTED} ${FOLDER}/output.txt OUTPUT_VARIABLE difference)
  message(FATAL_ERROR "expected (<) and printed (>) differ:\n${difference}")
endif()
