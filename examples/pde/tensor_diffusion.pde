// Diffusion with a full tensor, div(A grad(phi)) with A = [[a, b], [b, c]]: well posed while A is positive definite.
pde tensor_diffusion {
    title    "Tensor diffusion";
    source   "Sato, Levy Processes and Infinitely Divisible Distributions, Thm. 8.1";
    space    x in R^2;
    param    a > 0, a c > b^2;
    equation phi_t - div((a phi_x + b phi_y) e_x + (b phi_x + c phi_y) e_y) = 0;
    expect   s_generative;
    test     N = 2, a = 2, b = 1, c = 1;
}
