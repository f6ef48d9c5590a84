phi_t - pi lap(phi) = 0   //~ E0208 not a constant
