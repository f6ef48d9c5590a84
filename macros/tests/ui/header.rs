// What stands before the text.
genphys_macros::genphys! { mod heat phi_t - lap(phi) = 0 }

genphys_macros::genphys! { mod heat, dim = 2 { phi_t - lap(phi) = 0 } }

genphys_macros::genphys! { mod heat, N = 2.5 { phi_t - lap(phi) = 0 } }

genphys_macros::genphys! { mod heat { phi_t - lap(phi) = 0 where N = 2 } mod cold {} }

genphys_macros::genphys! { pub phi_t - lap(phi) = 0 where N = 2 }

genphys_macros::genphys! { file "nowhere.pde" }

genphys_macros::genphys! { file "heat.pde" N = 2 }

genphys_macros::genphys! { file "tab\t.pde" }

genphys_macros::genphys! { mod heat N = 2 { phi_t - lap(phi) = 0 } }

genphys_macros::genphys! { mod heat, N = 2, f32 { phi_t - lap(phi) = 0 } }

genphys_macros::genphys! { heat, N = 2 { phi_t - lap(phi) = 0 } }

genphys_macros::genphys! { pde heat, N = 2 { equation phi_t - lap(phi) = 0; } }

genphys_macros::genphys! { pde heat { equation phi_t - lap(phi) = 0; } pde cold { equation phi_t - lap(phi) = 0; } }

genphys_macros::genphys! { "phi_t - lap(phi) = 0 where N = 2" }

genphys_macros::genphys! { file heat.pde }

genphys_macros::genphys! { file("heat.pde") }

fn main() {}
