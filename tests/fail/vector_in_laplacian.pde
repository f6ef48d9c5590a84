pde telegraph {
    param    eps > 0;
    equation phi_tt
        + 2 eps lap(grad(phi))   //~ E0204 `lap` needs a scalar, found a vector
        = 0;
}
