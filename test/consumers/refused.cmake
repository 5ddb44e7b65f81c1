# Runs PROGRAM with PRELOAD before all its libraries: it must end by itself, with
# exit code 1, and say TEXT.
execute_process(COMMAND ${CMAKE_COMMAND} -E env LD_PRELOAD=${PRELOAD} ${PROGRAM}
                RESULT_VARIABLE result ERROR_VARIABLE output OUTPUT_VARIABLE output
                TIMEOUT 60)
string(FIND "${output}" "${TEXT}" place)
if(NOT result EQUAL 1 OR place EQUAL -1)
  message(FATAL_ERROR "ended with \"${result}\", said: ${output}")
endif()
