phi_t - nabla^2 phi = 0   //~ E0208 not an operator
