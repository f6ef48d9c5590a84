omega_t - lap(omega) = 0   //~ E0208 choose another name
