phi_t
    = nabla^2 phi   //~ E0211 write `lap(phi)`
