phi_t - N phi = lap(phi)   //~ E0208 this text does not fix
