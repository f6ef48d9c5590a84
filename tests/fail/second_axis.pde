phi_t - phi_xx - phi_ww = 0   //~ E0210 not a derivative
