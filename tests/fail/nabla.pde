phi_t - nabla^2 phi = 0   //~ E0211 write `lap(phi)`
