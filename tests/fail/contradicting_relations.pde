phi_tt + eps phi_t - lap(phi) + m phi = 0 where eps > m, m > eps   //~ E0304 no values of the parameters
