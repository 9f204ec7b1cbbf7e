# One library a folder, one test program a test file.

# sv_library(NAME src... LINK libs... PKG pkg-config modules...)
function(sv_library name)
  cmake_parse_arguments(A "" "" "LINK;PKG" ${ARGN})
  add_library(sv_${name} STATIC ${A_UNPARSED_ARGUMENTS})
  target_link_libraries(sv_${name} PUBLIC ${A_LINK})
  foreach(pkg ${A_PKG})
    string(MAKE_C_IDENTIFIER "PKG_${pkg}" id)
    pkg_check_modules(${id} REQUIRED IMPORTED_TARGET ${pkg})
    target_link_libraries(sv_${name} PRIVATE PkgConfig::${id})
  endforeach()
endfunction()

# sv_test(NAME src... LINK libs...): a cmocka program, run by ctest from the source folder.
function(sv_test name)
  cmake_parse_arguments(A "" "" "LINK" ${ARGN})
  add_executable(test_${name} ${A_UNPARSED_ARGUMENTS})
  target_link_libraries(test_${name} PRIVATE ${A_LINK} cmocka)
  set_target_properties(test_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND test_${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()

# sv_fuzz(NAME src... LINK libs...): a libFuzzer program when SV_FUZZ is on; corpus in tests/fuzz/corpus/NAME.
function(sv_fuzz name)
  cmake_parse_arguments(A "" "" "LINK" ${ARGN})
  if(SV_FUZZ)
    add_executable(fuzz_${name} ${A_UNPARSED_ARGUMENTS})
    target_link_libraries(fuzz_${name} PRIVATE ${A_LINK})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  endif()
endfunction()
