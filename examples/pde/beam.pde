// A vibrating beam: dispersion without decay.
pde beam {
    title    "Euler-Bernoulli beam";
    source   "the beam theory of Euler and Bernoulli";
    space    x in R^N, N >= 1;
    equation phi_tt + lap(lap(phi)) = 0;
    expect   not_s_generative by C1;
    test     N = 2;
}
