// The screening term may have either sign: screened Poisson for q >= 0, Helmholtz for q < 0.
pde screening_either_sign {
    title    "Poisson with a mass term of either sign";
    source   "between the rows of arXiv:2304.02637, Table 2";
    space    x in R^N, N >= 1;
    param    q real;
    equation phi_tt + lap(phi) - q phi = 0;
    expect   conditional when q >= 0;
    test     N = 2, q = 1;
}
