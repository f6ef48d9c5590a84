phi_t + x*grad(phi) = 0   //~ E0207 a vector times a vector
