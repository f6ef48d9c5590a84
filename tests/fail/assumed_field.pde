phi_t - lap(phi) = 0 where phi > 0   //~ E0309 not about fields
