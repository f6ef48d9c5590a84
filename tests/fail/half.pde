pde damped {
    param    k > 0;
    equation phi_tt + 1/2 k phi = 0;   //~ E0107 write `(1/2)*k` or `1/(2*k)`
}
