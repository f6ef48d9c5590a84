// A cloud that the wind carries away.
pde plume {
    title    "Advection-diffusion in the plane";
    space    x in R^N, N >= 1;
    param    D > 0, a real, b real;
    equation phi_t + a phi_x + b phi_y - D lap(phi) = 0;
}
