phi_t - phi_xx
    - dy(phi, 2) = 0   //~ E0313 no axis y in 1 dimension
    where N = 1
