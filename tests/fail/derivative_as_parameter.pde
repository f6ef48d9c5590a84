phi_t - d2phi/dx2 = 0   //~ E0211 write `phi_t`, `phi_xx`
