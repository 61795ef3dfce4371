#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jangteo_fuzz_properties::cursor(data));
