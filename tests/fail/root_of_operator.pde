phi_t + sqrt(1 - lap) phi = 0   //~ E0208 needs an argument
