// nothing here   //~ E0110 there is no equation
