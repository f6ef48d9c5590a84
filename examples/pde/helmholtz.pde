// Standing waves: long waves (k <= k0) do not decay, and p turns negative beyond the first zero of a Bessel function.
pde helmholtz {
    title    "Helmholtz";
    source   "arXiv:2304.02637, A.5";
    space    x in R^N, N >= 1;
    param    k0 > 0;
    equation phi_tt + lap(phi) + k0^2 phi = 0;
    expect   conditional when "k0 sqrt(t^2 + r^2) is below the first zero of Y_((N+1)/2), and k > k0";
    claim    conditional by "arXiv:2304.02637";
    test     N = 2, k0 = 1;
}
