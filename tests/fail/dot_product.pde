phi_t + v . grad(phi) = 0   //~ E0001 `a phi_x + b phi_y` for a drift
