phi_t - div(phi) = 0   //~ E0205 `div` needs a vector
