"""Where does a share of counted events really stand over time, when counts are overdispersed and sources several?"""
