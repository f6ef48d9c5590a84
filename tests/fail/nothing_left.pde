phi_t - lap(phi) = phi_t - lap(phi)   //~ E0307 everything cancels
