phi_t - c lap(phi) = 0 where c complex   //~ E0309 parameters are real
