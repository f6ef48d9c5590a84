pde broken { equation phi_t - lap(phi} = 0;   //~ E0102 is closed by
