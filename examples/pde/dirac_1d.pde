// A relativistic electron on a line, as two real equations: probability moves, nothing smooths.
pde dirac_1d {
    title    "Dirac in one dimension";
    source   "arXiv:2304.02637";
    field    phi, chi: real;
    space    x in R^1;
    param    m > 0;
    equation phi_t + phi_x - m chi = 0;
    equation chi_t - chi_x + m phi = 0;
    expect   not_s_generative by C1;
    claim    not_s_generative by "arXiv:2304.02637";
    test     N = 1, m = 1;
}
