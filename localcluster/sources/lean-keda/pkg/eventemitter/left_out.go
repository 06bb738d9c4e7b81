package eventemitter

import "errors"

var errLeftOut = errors.New("events for other systems are left out of this build")

// NewCloudEventHTTPHandler refuses.
func NewCloudEventHTTPHandler(...any) (EventDataHandler, error) { return nil, errLeftOut }

// NewAzureEventGridTopicHandler refuses.
func NewAzureEventGridTopicHandler(...any) (EventDataHandler, error) { return nil, errLeftOut }
