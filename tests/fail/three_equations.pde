u_t - lap(u) = 0;
w_t - lap(w) = 0;   //~ E0302 2 unknowns in 3 equations
u_t + w_t = 0
