phi_t - phi_xx - phi_yy = 0   //~ E0210 not a derivative
