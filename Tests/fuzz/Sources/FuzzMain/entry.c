// Nothing: main is libFuzzer's, and LLVMFuzzerTestOneInput is in Sources/Fuzz.
typedef int nothing;
