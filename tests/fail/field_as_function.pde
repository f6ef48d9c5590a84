phi_t - lap(phi) - r*phi(1 - phi) = 0   //~ E0201 `phi*(...)` for a product
