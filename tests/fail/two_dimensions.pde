phi_t - phi_xx = 0 where N = 1, N = 2   //~ E0304 the dimension is 2 here and 1 elsewhere
